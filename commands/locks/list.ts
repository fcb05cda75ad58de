import { command, describeLock } from '#crew'

export default command({
  summary: 'The lock of every environment and image: free, or held by whom since when, and who waits for it.',
  examples: [''],
  allow: ['engineers', 'approvers'],
  answer: async (_, crew) => {
    const locks = await crew.locks()
    return { text: locks.flatMap((lock) => describeLock(lock, crew.now)).join('\n') }
  },
})
