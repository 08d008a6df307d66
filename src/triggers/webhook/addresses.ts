import { BlockList, isIP, SocketAddress } from 'node:net'

/** Whether an address belongs to a list of networks. */
export type IsListed = (address: string) => boolean

// Few addresses call often: looking one up in its networks takes longer than in here.
const REMEMBERED = 1_000

/** Reads networks such as `192.0.2.0/24,2001:db8::1`, separated by commas. A string says what is wrong with them. */
export function readNetworks(text: string): IsListed | string {
  const networks = text
    .split(',')
    .map((network) => network.trim())
    .filter((network) => network !== '')
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix, ...more] = network.split('/')
    const version = isIP(address)
    const bits = version === 4 ? 32 : 128
    const length = prefix === undefined ? bits : lengthOf(prefix)
    if (version === 0 || more.length > 0 || !(length <= bits)) {
      return `has '${network}' where a network such as 192.0.2.0/24 or 2001:db8::/32 is expected`
    }
    list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6')
  }
  const known = new Map<string, boolean>()
  return (address) => {
    const remembered = known.get(address)
    if (remembered !== undefined) return remembered
    const version = isIP(address)
    const isListed = version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6')
    if (known.size === REMEMBERED) known.clear()
    known.set(address, isListed)
    return isListed
  }
}

const lengthOf = (prefix: string): number =>
  /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN

/** Where a request comes from. */
export interface Origin {
  address: string
  /** Whether a trusted proxy handed it over. */
  proxied: boolean
}

/**
 * The address of a sender: the right-most entry of `X-Forwarded-For` that is no trusted proxy, where the peer is one.
 * Whatever else stands there was written by strangers: then it is the peer's own.
 */
export function originOf({
  peer,
  forwardedFor,
  isProxy,
}: {
  peer: string
  forwardedFor: string | undefined
  isProxy: IsListed
}): Origin {
  const address = canonical(peer) ?? peer
  if (!isProxy(address)) return { address, proxied: false }
  let furthest = address
  for (const entry of forwardedFor?.split(',').toReversed() ?? []) {
    const forwarded = canonical(withoutPort(entry.trim()))
    if (forwarded === null) return { address, proxied: true }
    furthest = forwarded
    if (!isProxy(forwarded)) break
  }
  return { address: furthest, proxied: true }
}

// Some proxies write down the port as well, and then IPv6 in brackets.
function withoutPort(entry: string): string {
  const [, version4, version6] =
    /^(?:(\d+\.\d+\.\d+\.\d+):\d{1,5}|\[([^\]]*)\](?::\d{1,5})?)$/.exec(entry) ?? []
  return version4 ?? version6 ?? entry
}

const MAPPED = '::ffff:'

/** An address as we write it: IPv4 where it is mapped into IPv6, IPv6 in its short form. Null where it is none. */
function canonical(text: string): string | null {
  const version = isIP(text)
  if (version === 4) return text
  if (version === 0 || text.includes('%')) return null
  if (text.startsWith(MAPPED) && text.includes('.')) return text.slice(MAPPED.length)
  const { address } = new SocketAddress({ address: text, family: 'ipv6' })
  return address.startsWith(MAPPED) && address.includes('.')
    ? address.slice(MAPPED.length)
    : address
}

/** What belongs to one sender: an IPv4 address, or the /64 of an IPv6 one, of which everybody has 2^64. */
export function neighbourhoodOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const front = head === '' ? [] : head.split(':')
  if (tail === undefined) return front.slice(0, 4).join(':')
  const back = tail === '' ? [] : tail.split(':')
  const zeros = Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0')
  return [...front, ...zeros, ...back].slice(0, 4).join(':')
}
