import {
  BudgetRemoval,
  BudgetsQuery,
  LedgerQuery,
  PriceRemoval,
  PricesQuery,
  SpendQuery,
} from './money-schemas.ts'
import type { Operation } from './operation.ts'

const bodyProblems = ['invalid_json', 'body_too_large', 'unsupported_media_type'] as const

/** The routes of prices, budgets, the ledger and spending as the OpenAPI document describes them. */
export const moneyOperations: Operation[] = [
  {
    method: 'get',
    path: '/api/budgets',
    summary: 'The rules of budgets, and what is spent and reserved in the present periods.',
    query: BudgetsQuery,
    answers: [{ status: 200, description: 'The budgets', schemas: ['Budgets'] }],
    problems: ['invalid_request'],
  },
  {
    method: 'put',
    path: '/api/budgets',
    summary: 'Sets a rule, or the limits of one scope. Holds at once.',
    body: { 'application/json': 'BudgetChange' },
    answers: [{ status: 200, description: 'Set', schemas: ['Budgets'] }],
    problems: ['invalid_request', ...bodyProblems],
  },
  {
    method: 'delete',
    path: '/api/budgets',
    summary: 'Removes a rule, or the limits that one scope has of its own.',
    query: BudgetRemoval,
    answers: [{ status: 200, description: 'Removed', schemas: ['Budgets'] }],
    problems: ['invalid_request', 'not_found'],
  },
  {
    method: 'get',
    path: '/api/spend',
    summary: 'What model calls cost, summed up.',
    query: SpendQuery,
    answers: [{ status: 200, description: 'The sums', schemas: ['Spend'] }],
    problems: ['invalid_request'],
  },
  {
    method: 'get',
    path: '/api/ledger',
    summary: 'Attempts of model calls, the youngest first.',
    query: LedgerQuery,
    answers: [{ status: 200, description: 'One page', schemas: ['CallPage'] }],
    problems: ['invalid_request'],
  },
  {
    method: 'get',
    path: '/api/prices',
    summary: 'The overrides of prices, and what holds for one model.',
    query: PricesQuery,
    answers: [{ status: 200, description: 'The prices', schemas: ['Prices'] }],
    problems: ['invalid_request'],
  },
  {
    method: 'put',
    path: '/api/prices',
    summary: 'Sets an override. Holds within seconds; what the ledger holds stays.',
    body: { 'application/json': 'PriceChange' },
    answers: [{ status: 200, description: 'Set', schemas: ['Prices'] }],
    problems: ['invalid_request', ...bodyProblems],
  },
  {
    method: 'delete',
    path: '/api/prices',
    summary: 'Removes the overrides of a model.',
    query: PriceRemoval,
    answers: [{ status: 200, description: 'Removed', schemas: ['Prices'] }],
    problems: ['invalid_request', 'not_found'],
  },
]
