import type { Site, Variables } from '../site.ts'

/**
 * The variables with every count of a service's instances taken once for each group that stands: while a release has two of them side by
 * side, there are twice as many. Where the stack is given no version at all, nobody knows of groups and the count is as it is.
 */
export function countsOfGroups(
  { services }: Pick<Site, 'services'>,
  environment: string,
  variables: Variables,
): Variables {
  const counted = Object.values(services)
    .filter((service) => service.environments.includes(environment))
    .flatMap(({ count, variables: { live, next } }) => {
      const versions = [variables[live], variables[next]]
      if (versions.every((version) => version === undefined)) return []
      const groups = new Set(versions.filter((version) => version !== undefined && version !== '')).size
      return [[count, Number(variables[count] ?? 0) * groups] as const]
    })
  return { ...variables, ...Object.fromEntries(counted) }
}
