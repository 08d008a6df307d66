import { hmacSigner, refused } from '../hmac.ts'
import { textAt } from '../body-readers.ts'
import { oneEvent, type Preset } from '../preset.ts'
import { textSecret } from '../secret.ts'
import { single } from '../signature-header.ts'
import { composeSigned, distinctBody } from './compose.ts'

/**
 * Shopify webhooks: HMAC over the body, in the headers `X-Shopify-…` or the newer `shopify-…`, never both in one
 * request. The type is the topic (`orders/create`), the key the webhook's id, else the event's: nobody signs either,
 * so a topic is only as good as the body that the trigger expects with it.
 *
 * @see https://shopify.dev/docs/apps/build/webhooks/subscribe/https#step-2-validate-the-origin-of-your-webhook-to-ensure-its-coming-from-shopify
 */
export function shopify(secretVariable: string): Preset {
  const secret = textSecret(secretVariable, 'Client secret of the app')
  const older = signerOf('x-shopify-hmac-sha256')
  const newer = signerOf('shopify-hmac-sha256')

  return {
    name: 'shopify',
    secret,
    signatureHeaders: ['x-shopify-hmac-sha256', 'shopify-hmac-sha256'],
    mediaTypes: ['application/json'],
    verify(request, keys, nowMs) {
      if (!Object.hasOwn(request.headers, 'shopify-hmac-sha256')) {
        return older.verify(request, keys, nowMs)
      }
      if (!Object.hasOwn(request.headers, 'x-shopify-hmac-sha256')) {
        return newer.verify(request, keys, nowMs)
      }
      return refused('header', 'The headers X-Shopify-* and shopify-* came in one request.')
    },
    keyIsUnsigned: true,
    // Eight failures within four hours, and it deletes the subscription: a long overload would cost all that follows.
    retries: false,

    read({ headers }, data) {
      const family = Object.hasOwn(headers, 'shopify-hmac-sha256') ? 'shopify' : 'x-shopify'
      return oneEvent({
        key: headers[`${family}-webhook-id`] ?? headers[`${family}-event-id`],
        type: headers[`${family}-topic`] ?? 'unknown',
        subject: textAt(data, 'admin_graphql_api_id'),
        // When it was triggered stands in a header that nobody signs.
        time: textAt(data, 'updated_at') ?? textAt(data, 'created_at'),
      })
    },

    samples,
    compose: (sampling) =>
      composeSigned(sampling, {
        signer: older,
        keyOf: secret.keyOf,
        body: distinctBody(sampling),
        headers: {
          'content-type': 'application/json',
          'x-shopify-topic': sampling.type,
          'x-shopify-webhook-id': sampling.id,
          'x-shopify-shop-domain': 'acme.myshopify.com',
        },
      }),
  }
}

const signerOf = (header: string) =>
  hmacSigner({ header, form: single(), encoding: 'base64', signed: '{body}' })

const samples = {
  'orders/create': {
    id: 820_982_911_946_154,
    admin_graphql_api_id: 'gid://shopify/Order/820982911946154',
    created_at: '2026-05-01T10:00:00+02:00',
    email: 'ada@example.com',
    currency: 'EUR',
    total_price: '42.00',
    line_items: [{ title: 'A round widget', quantity: 1, price: '42.00' }],
  },
  'refunds/create': {
    id: 890_088_186_047_892,
    admin_graphql_api_id: 'gid://shopify/Refund/890088186047892',
    created_at: '2026-05-02T10:00:00+02:00',
    note: 'It was square.',
  },
  'app/uninstalled': {
    id: 548_380_009,
    name: 'Acme widgets',
    domain: 'acme.myshopify.com',
  },
}
