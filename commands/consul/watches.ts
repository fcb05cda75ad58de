import { command, watchLine } from '#crew'

export default command({
  summary: 'The services that somebody follows now, who does, and until when.',
  examples: [''],
  allow: ['engineers', 'approvers'],
  answer: async (_args, crew) => {
    const open = await crew.consul.watch.list()
    if (open.length === 0) return { text: 'Nobody follows a service now. `consul watch <service>` begins.' }
    return { text: open.map((watch) => watchLine(watch, crew.now)).join('\n') }
  },
})
