/** A file with a join ticket: good for joining until the cluster secret is there, and then a file like any other. */
import { describe } from 'vitest';
import { makeTicket } from '../../../src/protocol/ticket.ts';
import { ENCRYPTION_KEY } from '../config-file.ts';
import { AWAY, HERE, POSTGRES, refuses, takes } from './whole-file.ts';

const ticket = makeTicket({
  clusterId: '0'.repeat(32),
  servers: [{ url: 'https://10.0.1.1:8768', spki_sha256: ENCRYPTION_KEY }],
  epoch: 0,
  hash: '0'.repeat(64),
}).text.revealText();
const TICKET = `join_ticket: ${ticket}`;
const unjoined = (more = '') => `cluster:\n  enabled: true\n  ${TICKET}\n${more}`;

const NOT_JOINED = {
  says: /a cluster\.join_ticket and no cluster_secret: this server has not joined yet/,
  mend: /atlas-fleet server --config/,
};

describe('is refused', () => {
  refuses({
    'as a server, however much of the rest is there': {
      more: unjoined(),
      is: 'not_joined cluster.join_ticket 7:16',
      ...NOT_JOINED,
    },
    'where the ticket comes from the environment': {
      more: 'cluster:\n  enabled: true\n',
      env: { ATLAS_FLEET_CLUSTER__JOIN_TICKET: ticket },
      is: 'not_joined cluster.join_ticket $ATLAS_FLEET_CLUSTER__JOIN_TICKET',
      ...NOT_JOINED,
    },
    'what is no ticket': {
      redis: `${HERE}\njoin_ticket: opera`,
      is: 'ticket_malformed cluster.join_ticket 10:16',
      says: /It is not a join ticket/,
      mend: /atlas-fleet cluster ticket create/,
    },
    'half of a ticket': {
      redis: `${HERE}\n${TICKET.slice(0, -20)}`,
      is: 'ticket_malformed cluster.join_ticket 10:16',
      says: /damaged .*copy it again, whole/,
      mend: /atlas-fleet cluster ticket create/,
    },
    'an empty ticket': {
      redis: `${HERE}\njoin_ticket:`,
      is: 'secret_empty cluster.join_ticket 10:3',
      says: /its value is empty/,
      mend: /atlas-fleet cluster ticket create/,
    },
    'what is wrong with the rest of a member': {
      redis: `${AWAY}\n${TICKET}`,
      is: 'sqlite_shared database.url 1:1',
      says: /one machine only/,
      mend: /postgres/,
    },
  });
});

describe('is taken', () => {
  takes({
    'for joining: all that the servers share is to come': {
      role: 'any',
      more: unjoined('  redis_host: 10.0.1.50\n  admission: ticket\n'),
    },
    'of a member that still has it': { redis: `${AWAY}\nredis_tls: true\n${TICKET}`, more: POSTGRES },
  });
});
