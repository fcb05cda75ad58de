import { command, dayAndClock, nameOf, spoken, timesAhead, zonedText } from '#crew'

export default command({
  summary: 'What runs in the load-test environment, who holds its lock, and how long it stays up.',
  examples: [''],
  environment: 'loadtest',
  allow: ['engineers', 'approvers'],
  answer: async (_, crew) => {
    const environment = await crew.environment('loadtest')
    const { last, lifetime, lock, queue } = environment
    const lines = [
      last
        ? `*loadtest*: last changed by \`${last.line}\` (\`${last.execution}\`) at ${dayAndClock(last.at)}`
        : '*loadtest*: nothing was applied yet',
    ]
    if (lifetime) {
      const left = lifetime.ending
        ? `it is being taken down by \`${lifetime.ending}\``
        : `${spoken(lifetime.endsAt - crew.now)} left`
      lines.push(`Up until ${dayAndClock(lifetime.endsAt)}: ${left}`)
    }
    lines.push(
      lock
        ? `Locked by \`${lock.line}\` (\`${lock.execution}\`) of ${nameOf(lock.actor)} for ${spoken(crew.now - lock.since)}`
        : 'Not locked',
    )
    for (const [index, claim] of queue.entries()) {
      lines.push(`${index + 1}. in the queue: \`${claim.line}\` (\`${claim.execution}\`) of ${nameOf(claim.actor)}`)
    }
    for (const schedule of await crew.schedules.list()) {
      const [next] = schedule.environment === 'loadtest' ? timesAhead(schedule, 1) : []
      if (next !== undefined)
        lines.push(`By the clock: \`${schedule.line}\` (\`${schedule.id}\`) ${zonedText(next, schedule.when.tz)}`)
    }
    for (const { service, passing, instances } of await crew.health('loadtest')) {
      const sick = instances.filter(({ status }) => status !== 'passing')
      lines.push(`\`${service}\`: ${passing} of ${instances.length} passing`)
      for (const { id, status, output } of sick.slice(0, 5))
        lines.push(`   \`${id}\` ${status}: ${output.split('\n')[0] ?? ''}`)
    }
    return { text: lines.join('\n') }
  },
})
