import { command, describeTrigger } from '#crew'

export default command({
  summary:
    'What starts something when it happens in Consul or Jenkins: what it waits for, may and began, and what is wrong with it.',
  examples: [''],
  allow: ['engineers', 'approvers'],
  answer: async (_, crew) => {
    const triggers = await crew.triggers.list()
    if (triggers.length === 0)
      return { text: 'The site has no triggers. `triggers` in groundcrew.yml shows how one is written.' }
    return { text: triggers.flatMap((each) => describeTrigger(each, crew.now)).join('\n') }
  },
})
