/** What stands in the way of a package of an agent, and what is only said. */
import { expect, it } from 'vitest';
import { agentChecks } from '../../../src/services/packages/agent-checks.ts';
import { hostOf } from '../../../src/services/packages/cluster-node-facts.ts';

const USUAL = { intervalSeconds: 10, lateAfterSeconds: 30 };

it.each([
  ['pass', 'https://fleet.example.com', false],
  ['fail', 'https://127.0.0.1:8768', true],
  ['fail', 'http://fleet.example.com', false],
  ['warn', 'https://vm:8768', false],
  ['warn', 'https://vm.local:8768', false],
  ['pass', 'https://[2001:db8::1]:8768', false],
] as const)('it is a %s to report to %s', (result, url, isLocal) => {
  const [check, ...others] = agentChecks({ ...USUAL, servers: [{ url, host: hostOf(url), isLocal }] });
  expect(check).toMatchObject({ code: 'server_address', result });
  expect(others).toEqual([]);
});

it.each([
  [29, []],
  [30, ['agent_interval warn']],
  [3600, ['agent_interval warn']],
])('a report every %d s, where a Mac is late after 30 s: %j', (intervalSeconds, expected) => {
  const servers = [{ url: 'https://fleet.example.com', host: 'fleet.example.com', isLocal: false }];
  const [, ...others] = agentChecks({ servers, intervalSeconds, lateAfterSeconds: 30 });
  expect(others.map(({ code, result }) => `${code} ${result}`)).toEqual(expected);
});
