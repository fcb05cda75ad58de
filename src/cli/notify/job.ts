/** The page of a CI job, as the well-known systems name it in its environment. */
export type Job = { readonly name: string; readonly url: string }

/** GitLab, Jenkins (and whoever copied it), GitHub, CircleCI, Buildkite; null elsewhere. */
export function jobOf(env: Readonly<NodeJS.ProcessEnv>): Job | null {
  const { CI_JOB_URL, BUILD_URL, GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, CIRCLE_BUILD_URL } = env
  const github =
    GITHUB_SERVER_URL && GITHUB_REPOSITORY && GITHUB_RUN_ID
      ? `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}`
      : undefined
  const url = CI_JOB_URL ?? github ?? CIRCLE_BUILD_URL ?? env.BUILDKITE_BUILD_URL ?? BUILD_URL
  const name = env.CI_JOB_NAME ?? env.GITHUB_JOB ?? env.JOB_NAME ?? env.CIRCLE_JOB ?? 'the job'
  return url ? { name, url } : null
}
