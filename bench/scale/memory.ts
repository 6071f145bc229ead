import { readFileSync } from 'node:fs'

const KIB_PER_MIB = 1_024

/** What a process has of the machine's memory, now and at most so far. By /proc: Linux only, elsewhere NaN. */
export function memoryOf(pid: number | undefined): { mib: number; peakMib: number } {
  const status = read(pid, 'status')
  const mib = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN) / KIB_PER_MIB
  return { mib: mib('VmRSS'), peakMib: mib('VmHWM') }
}

/** The child of a process that runs a file whose name ends so. */
export function childOf(pid: number, file: string): number | undefined {
  const children = read(pid, `task/${pid}/children`).trim().split(' ').map(Number)
  return children.find((child) =>
    read(child, 'cmdline')
      .split('\0')
      .some((word) => word.endsWith(file)),
  )
}

function read(pid: number | undefined, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
