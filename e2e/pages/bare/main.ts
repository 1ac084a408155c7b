import * as hopmesh from '@hopmesh/browser'

// Nothing but the library, for tests that speak to it directly.
Object.assign(globalThis, { hopmesh })
document.body.dataset['loaded'] = 'yes'
