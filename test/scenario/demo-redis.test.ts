/** The demo on a Redis that somebody has: it moves in where no cluster lives, and leaves it as it was. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { RedisServer } from '../backends/redis.ts';
import { DemoGround, DemoProcess } from './demo-process.ts';
import { freePorts } from './loopback-ports.ts';

const PASSWORD = 'a-password-of-redis';
const NUMBER = 5;

let redis: RedisServer;
let ground: DemoGround;
let flags: string[];

beforeAll(async () => {
  redis = await RedisServer.start({ password: PASSWORD });
  ground = new DemoGround();
  const passwordFile = join(ground.work, 'redis-password');
  writeFileSync(passwordFile, `${PASSWORD}\n`, { mode: 0o600 });
  flags = ['--cluster', `redis://127.0.0.1:${redis.port}/${NUMBER}`, '--redis-password-file', passwordFile];
});

afterAll(async () => {
  await redis?.stop();
  ground?.remove();
});

const inNumber = (...command: string[]) => redis.cli('-n', String(NUMBER), ...command);

async function start(...given: string[]): Promise<DemoProcess> {
  const demo = new DemoProcess(ground, await freePorts(3), ...given);
  onTestFinished(async () => void (await demo.end('SIGKILL')));
  return demo;
}

it('meets there, and takes away its own rows and nothing else when it ends', async () => {
  await inNumber('set', 'somebody', 'else');
  const demo = await start(...flags);
  await demo.line();
  expect(Number(await inNumber('exists', 'fleet:cluster:node:server-03'))).toBe(1);
  expect(await redis.cli('dbsize')).toBe('0');
  expect(await demo.end('SIGINT')).toBe(0);
  expect(await inNumber('keys', '*')).toBe('somebody');
});

it('does not move in with a cluster that lives there', async () => {
  await inNumber('sadd', 'fleet:cluster:newcomers', 'server-01');
  const demo = await start(...flags);
  expect(await demo.ended()).toBe(7);
  expect(demo.stderr).toContain(`a cluster lives in redis://127.0.0.1:${redis.port}/${NUMBER} already`);
  expect(demo.stderr).toMatch(/hint: choose another number behind the slash/);
  expect(ground.contents.some((path) => path.includes('.atlas-demo'))).toBe(false);
});

it('says what is wrong with the address, and takes no password in it', async () => {
  const wrong = await start('--cluster', `redis://127.0.0.1:${redis.port}/${NUMBER}`);
  expect(await wrong.ended()).toBe(5);
  expect(wrong.stderr).toMatch(/error: the registry redis:.+ cannot be used: it asks for a password\nhint: /);
  const told = await start('--cluster', `redis://:${PASSWORD}@127.0.0.1:${redis.port}/${NUMBER}`);
  expect(await told.ended()).toBe(2);
  expect(told.stderr).toContain('--redis-password-file');
});
