import { command, nameOf } from '#crew'

export default command({
  summary: 'Who you are to this bot, and which roles you have.',
  examples: [''],
  allow: ['everyone'],
  answer: async (_, { actor, roles }) => {
    const have =
      roles.length > 0
        ? `your roles are ${roles.map((role) => `\`${role}\``).join(', ')}`
        : 'you have no role, so that you may only use `help`, `whoami` and `can`'
    const id = actor.kind === 'slack' ? ` (\`${actor.team}/${actor.user}\`)` : ''
    return { text: `You are ${nameOf(actor)}${id}; ${have}.` }
  },
})
