import { storageTimeoutMs } from './limits.ts'

/** What IndexedDB gives; rejects when that takes longer than `storageTimeoutMs`. */
export function withinTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`IndexedDB did not answer in ${storageTimeoutMs} ms`)), storageTimeoutMs)
    work.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
