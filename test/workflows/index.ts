export * from '../../src/workflows/index.ts'
export { askInTurn } from './ask-in-turn.ts'
export { approveBoth } from './approve-both.ts'
export { collect } from './collect.ts'
