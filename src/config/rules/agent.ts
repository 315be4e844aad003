/** What an agent would send in clear, or would believe unseen. */
import { unbracketed } from '../../base/host-text.ts';
import { isLoopback } from '../address-kind.ts';
import type { Problem } from '../problem.ts';
import { error, isSound, type Whole } from './whole.ts';

export function* judgeAgent(whole: Whole): Generator<Problem> {
  if (!isSound(whole, 'agent.servers')) return;
  const plain = whole.values['agent.servers'].filter((one) => one.startsWith('http:'));
  const abroad = plain.find((one) => !isLoopback(unbracketed(new URL(one).hostname)));
  if (abroad !== undefined) {
    const sentence = `agent.servers has ${abroad}; reports are sealed, but agent.api_key would cross the network in clear`;
    const hint =
      'Write https://, and name the key of the server in agent.pins when no authority vouches for it.';
    yield error(whole, 'agent_in_clear', 'agent.servers', sentence, hint);
  }
  const [first] = plain;
  if (whole.values['agent.pins'].length > 0 && first !== undefined && isSound(whole, 'agent.pins')) {
    const sentence = `agent.pins is given, and ${first} in agent.servers shows no key that could be compared`;
    yield error(whole, 'pins_without_tls', 'agent.pins', sentence, 'Write https://, or remove the pins.');
  }
}
