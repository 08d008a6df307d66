const event = {
  object: 'event',
  api_version: '2026-08-27.dahlia',
  created: 1_777_000_000,
  livemode: false,
  pending_webhooks: 1,
}

/** Data of typical events of Stripe by type. */
export const samples = {
  'charge.dispute.created': {
    ...event,
    type: 'charge.dispute.created',
    data: {
      object: {
        id: 'dp_1MtJUT2eZvKYlo2CNaw2HvEv',
        object: 'dispute',
        amount: 4_200,
        currency: 'eur',
        charge: 'ch_1AZtxr2eZvKYlo2CJDX8whov',
        reason: 'product_not_received',
        status: 'needs_response',
        evidence_details: { due_by: 1_777_700_000, has_evidence: false },
      },
    },
  },
  'payment_intent.succeeded': {
    ...event,
    type: 'payment_intent.succeeded',
    data: {
      object: {
        id: 'pi_3MtwBwLkdIwHu7ix28a3tqPa',
        object: 'payment_intent',
        amount: 2_000,
        currency: 'eur',
        status: 'succeeded',
      },
    },
  },
  'invoice.payment_failed': {
    ...event,
    type: 'invoice.payment_failed',
    data: {
      object: {
        id: 'in_1MtHbELkdIwHu7ixl4OzzPMv',
        object: 'invoice',
        amount_due: 1_900,
        attempt_count: 2,
        customer_email: 'ada@example.com',
      },
    },
  },
  'v1.billing.meter.error_report_triggered': {
    object: 'v2.core.event',
    type: 'v1.billing.meter.error_report_triggered',
    created: '2026-05-01T10:00:00.000Z',
    livemode: false,
    related_object: {
      id: 'mtr_test_61Qx9yXy4',
      type: 'billing.meter',
      url: '/v1/billing/meters/mtr_test_61Qx9yXy4',
    },
  },
}
