/** What of a configuration anybody may see, wherever its text comes from. */
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import { openSettings } from '../../src/config/open-settings.ts';
import { CONFIG_MAX_BYTES } from '../../src/config/private-file.ts';
import { makeTicket } from '../../src/protocol/ticket.ts';

const settingsOf = (text: string) =>
  openSettings(Secret.fromText(text)).map(({ key, value }) => [key, value]);

describe('the open settings of a configuration', () => {
  it('are told as the file spells them, in its order', () => {
    expect(
      settingsOf(
        'server:\n  port: 8769\nagent:\n  servers: [https://a.example, https://b.example]\n  interval: 90\n',
      ),
    ).toEqual([
      ['server.port', '8769'],
      ['agent.servers', 'https://a.example, https://b.example'],
      ['agent.interval', '90s'],
    ]);
  });

  it('tell nothing of secrets, of addresses that may hold one, and of what is private', () => {
    const text = `server:
  api_key: ${'k'.repeat(40)}
  web_password: hush
database:
  url: postgres://fleet:hush@db.example/fleet
cluster:
  redis_password: hush
notify:
  webhooks: [https://hook.example/hush]
`;
    expect(settingsOf(text)).toEqual([]);
  });

  it('tell of a join ticket where it leads, and nothing else', () => {
    const servers = ['https://a.example:8768', 'https://b.example:8768'].map((url) => ({
      url,
      spki_sha256: Buffer.alloc(32, 1).toString('base64'),
    }));
    const { text } = makeTicket({ clusterId: 'ab'.repeat(16), servers, epoch: 1, hash: 'cd'.repeat(32) });
    expect(settingsOf(`cluster:\n  join_ticket: ${text.revealText()}\n`)).toEqual([
      ['cluster.join_ticket leads to', 'https://a.example:8768, https://b.example:8768'],
    ]);
    expect(settingsOf('cluster:\n  join_ticket: hush\n')).toEqual([]);
  });

  it('are passed over where they are wrong, and all of them where the text is none of YAML or too long', () => {
    expect(settingsOf('server:\n  port: hush\n  prot: 1\nelsewhere: 1\nagent:\n  interval: 5\n')).toEqual([
      ['agent.interval', '5s'],
    ]);
    expect(settingsOf('server: [\n')).toEqual([]);
    expect(settingsOf(`server:\n  port: 8769\n#${' '.repeat(CONFIG_MAX_BYTES)}\n`)).toEqual([]);
  });
});
