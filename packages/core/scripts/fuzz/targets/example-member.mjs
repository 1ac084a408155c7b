/** Members out of dice: each name gives the same one each time, byte for byte. */
export async function exampleMembers(load) {
  const { SeededDice } = await load('core/testing/seeded-dice')
  const { toyCrypto } = await load('core/testing/toy-crypto')
  const { signRecord } = await load('core/identity/signed-record')
  const { addressOf, whoOf } = await load('core/identity/address')
  const { wireNetwork } = await load('core/identity/wire-network')
  const network = wireNetwork('garden')

  return (name, said = {}) => {
    const crypto = toyCrypto(new SeededDice(`fuzz ${name}`))
    const keyPair = crypto.generateKeyPair()
    const exchangeKeys = crypto.generateExchangeKeys()
    const address = addressOf(whoOf(keyPair.publicKey, crypto), 'aaaa')
    const fields = {
      network,
      address,
      publicKey: keyPair.publicKey,
      exchangeKey: exchangeKeys.publicKey,
      seq48: 111_411_200_000_000,
      kind: 'member',
      name,
      capabilities: [],
      services: [],
      plainHosts: [],
      ...said,
    }
    let signed
    return { crypto, keyPair, exchangeKeys, network, address, fields, record: () => (signed ??= signRecord(fields, keyPair)) }
  }
}
