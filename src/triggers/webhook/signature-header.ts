/** What a signature header says; a string says why it says nothing. */
export interface Signatures {
  /** Still encoded. */
  signatures: string[]
  /** In schemes that put the time beside the signature. */
  time?: string
}

/** How signatures stand in their header. */
export interface SignatureForm {
  parse(value: string): Signatures | string
  print(signature: string, time: string): string
}

const LONGEST_HEADER = 4_096
const MOST_SIGNATURES = 10

/** What is wrong with a header before anybody reads it; undefined where nothing is. */
export const headerFault = (name: string, value: string | undefined): string | undefined =>
  // How Node joins what was sent twice, which no sender does.
  sizeFault(name, value) ?? (value?.includes(', ') === true ? sentTwice(name) : undefined)

/** Whether a header is missing or too long, in words; undefined where it is neither. */
export function sizeFault(name: string, value: string | undefined): string | undefined {
  if (value === undefined || value === '') return `The header ${name} is missing.`
  return value.length > LONGEST_HEADER
    ? `The header ${name} is longer than ${LONGEST_HEADER} characters.`
    : undefined
}

/** That a header was sent twice. */
export const sentTwice = (name: string): string => `The header ${name} was sent twice.`

/** One signature behind a prefix, such as `sha256=`. */
export const single = (prefix = ''): SignatureForm => ({
  parse: (value) =>
    value.startsWith(prefix)
      ? { signatures: [value.slice(prefix.length)] }
      : `It does not begin with ${prefix}.`,
  print: (signature) => `${prefix}${signature}`,
})

/** Signatures behind one common prefix, such as `v0=first,second`. */
export const list = ({
  prefix,
  separator,
}: {
  prefix: string
  separator: string
}): SignatureForm => ({
  parse: (value) =>
    value.startsWith(prefix)
      ? few(value.slice(prefix.length).split(separator))
      : `It does not begin with ${prefix}.`,
  print: (signature) => `${prefix}${signature}`,
})

/** Signatures that each name their version, such as `v1,first v2,other`. Unknown versions are passed over. */
export const versions = ({
  prefix,
  separator,
}: {
  prefix: string
  separator: string
}): SignatureForm => ({
  parse(value) {
    const signatures: string[] = []
    let parts = 0
    for (let start = 0; start !== -1; start = behind(separator, value, start)) {
      parts += 1
      if (parts > MOST_SIGNATURES) return tooMany
      if (value.startsWith(prefix, start)) {
        signatures.push(partAt(start + prefix.length, separator, value))
      }
    }
    return signatures.length === 0 ? `No signature in it begins with ${prefix}.` : { signatures }
  },
  print: (signature) => `${prefix}${signature}`,
})

/** Named values, such as `t=1614265330,v1=first,v1=second`. Unknown names are passed over, the time stands once. */
export function pairs({ signature, time }: { signature: string; time: string }): SignatureForm {
  const signaturePrefix = `${signature}=`
  const timePrefix = `${time}=`
  return {
    parse(value) {
      const signatures: string[] = []
      let at: string | undefined
      let times = 0
      let parts = 0
      for (let start = 0; start !== -1; start = behind(',', value, start)) {
        parts += 1
        // One more for the time.
        if (parts > MOST_SIGNATURES + 1) return tooMany
        if (value.startsWith(signaturePrefix, start)) {
          signatures.push(partAt(start + signaturePrefix.length, ',', value))
        } else if (value.startsWith(timePrefix, start)) {
          at = partAt(start + timePrefix.length, ',', value)
          times += 1
        }
      }
      if (at === undefined || times > 1) return `It should name the time ${timePrefix} once.`
      return signatures.length === 0 ? `It has no ${signaturePrefix}.` : { signatures, time: at }
    },
    print: (printed, at) => `${timePrefix}${at},${signaturePrefix}${printed}`,
  }
}

// Walked through and not split: a list of parts costs more than all that is asked of it.
const behind = (separator: string, value: string, start: number): number => {
  const at = value.indexOf(separator, start)
  return at === -1 ? -1 : at + separator.length
}

function partAt(start: number, separator: string, value: string): string {
  const end = value.indexOf(separator, start)
  return end === -1 ? value.slice(start) : value.slice(start, end)
}

const tooMany = `It holds more than ${MOST_SIGNATURES} signatures.`
const few = (signatures: string[]): Signatures | string =>
  signatures.length > MOST_SIGNATURES ? tooMany : { signatures }
