import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { messageOf } from '../contracts/message-of.ts'

/** Follows a folder and one within it, neither of which needs to be there. */
export interface FolderWatch {
  /** Follows those that are there by now: a folder that took the place of another is another. */
  renew(): void
  close(): void
}

// Editors write a file in several steps.
const QUIET_MS = 100

/** Begins with `renew`. `onChange` is told once things are quiet again, `onFault` of a folder that cannot be followed. */
export function createFolderWatch({
  folder,
  within,
  onChange,
  onFault,
}: {
  folder: string
  /** Its name. */
  within: string
  onChange: () => void
  onFault: (message: string) => void
}): FolderWatch {
  const above = dirname(folder)
  let watchers: FSWatcher[] = []
  let timer: NodeJS.Timeout | undefined

  return {
    renew() {
      closeAll()
      watchers = [above, folder, join(folder, within)].flatMap(follow)
    },
    close() {
      clearTimeout(timer)
      closeAll()
    },
  }

  function follow(path: string): FSWatcher[] {
    const failed = (error: unknown) => onFault(`${path} is not watched: ${messageOf(error)}`)
    try {
      const watcher = watch(path, (_, name) => {
        // Whatever else happens there is nobody's business.
        if (path === above && name !== basename(folder)) return
        clearTimeout(timer)
        timer = setTimeout(onChange, QUIET_MS)
      })
      return [watcher.on('error', failed)]
    } catch (error) {
      // The folder above tells when it comes.
      if (!isMissing(error)) failed(error)
      return []
    }
  }

  function closeAll(): void {
    for (const watcher of watchers) watcher.close()
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT'
