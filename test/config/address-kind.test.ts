import { expect, it } from 'vitest';
import { isLoopback, meansThisMachine, serverUrl } from '../../src/config/address-kind.ts';

it.each([
  ['localhost', true, true],
  ['LOCALHOST.', true, true],
  ['127.8.9.1', true, true],
  ['::1', true, true],
  ['0:0:0:0:0:0:0:1', true, true],
  // Where nobody says otherwise, these are asked of the DNS.
  ['me.localhost', false, true],
  ['ip6-localhost', false, true],
  ['ip6-loopback.', false, true],
  ['localhost.example.com', false, false],
  ['notlocalhost', false, false],
  ['127.0.0.1.example.com', false, false],
  ['10.0.0.1', false, false],
])('%s is surely this machine: %s; may be it: %s', (host, surely, maybe) => {
  expect([isLoopback(host), meansThisMachine(host)]).toEqual([surely, maybe]);
});

it.each([
  ['https://fleet.example.com:8768', 'https://fleet.example.com:8768'],
  ['http://10.0.1.50/', 'http://10.0.1.50'],
  ['https://[::1]:8768', 'https://[::1]:8768'],
  ['https://user@a.example', null],
  ['https://%61.example', null],
  ["https://a'b.example", null],
  ['https://exämple.com', null],
  ['https://a.example\n', null],
  ['https://a.example:99999', null],
  ['https://[::g]', null],
  ['https://10.0.0.666', null],
])('the address of a server %j is read as %j', (given, origin) => {
  const reading = serverUrl().read(given, '/');
  expect(reading.ok ? reading.value : null).toBe(origin);
});
