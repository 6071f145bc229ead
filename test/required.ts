// Parts of a machine that tests may lack are skipped by name.
//
//   TANDEM_REQUIRE     parts that must be there (`redis,chromium,reference`): a missing one fails instead of skipping

/**
 * For `skip` of node:test: false when a part that tests may lack is present, else the reason.
 * Throws when TANDEM_REQUIRE lists it: on a build machine a skip would be a silent hole.
 */
export function requirePart(name: string, present: boolean): string | false {
  if (present) return false
  const required = (process.env.TANDEM_REQUIRE ?? '').split(',').map((part) => part.trim())
  if (required.includes(name)) throw new Error(`${name} is absent, and TANDEM_REQUIRE lists it`)
  return `${name} is absent`
}
