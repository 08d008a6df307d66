import type { Config } from './config.ts'

/** Whether webhooks come from other machines with nothing that is known to put TLS around them. */
export function needsTls({
  HOST,
  PUBLIC_URL,
  TRUSTED_PROXIES,
}: Pick<Config, 'HOST' | 'PUBLIC_URL' | 'TRUSTED_PROXIES'>): boolean {
  const isLoopback = /^(127\.|::1$|localhost$)/.test(HOST)
  return !isLoopback && TRUSTED_PROXIES === undefined && PUBLIC_URL?.startsWith('https:') !== true
}
