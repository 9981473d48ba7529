/** Loads a module as Node itself does, once for all test files of a worker; absent where a test file has an n8n of its own. */
export const { requireOutside } = globalThis as { requireOutside?: NodeJS.Require };
