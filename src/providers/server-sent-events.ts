/**
 * Reads the data of server-sent events, piece by piece, as the HTML standard says, but for one thing: an event whose
 * closing blank line never came counts as well, because some servers leave out the last one.
 */
export async function* readServerSentEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<string[]> {
  const decoder = new TextDecoder()
  let rest = ''
  let open: string[] = []

  // Leaving the loop early cancels the body, and with it the connection.
  for await (const bytes of body) yield take(decoder.decode(bytes, { stream: true }))
  yield take(`${decoder.decode()}\n\n`)

  function take(text: string): string[] {
    // A carriage return at the end may be the first half of a line end.
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    const complete: string[] = []
    for (const line of lines) {
      if (line.startsWith('data:')) open.push(line.slice(line[5] === ' ' ? 6 : 5))
      if (line !== '' || open.length === 0) continue
      complete.push(open.join('\n'))
      open = []
    }
    return complete
  }
}
