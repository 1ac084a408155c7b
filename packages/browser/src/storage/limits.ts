/** Milliseconds for IndexedDB to answer; a blocked database must not keep a page from joining. */
export const storageTimeoutMs = 4_000

/** Milliseconds to wait for the lock on an address whose holder says nothing: the page that is being reloaded, or a frozen tab. */
export const lockWaitMs = 3_000

/** Milliseconds to wait for another tab's answer where there are no Web Locks. */
export const questionWaitMs = 150

/** Addresses that one tab remembers: one for each mesh that a page has open at once, and some of old keys. */
export const rememberedTabsMax = 16
