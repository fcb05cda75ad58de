export * from '../../../examples/demo/vault-stand-in.ts'
