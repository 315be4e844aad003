/** Users: who may log in, each an administrator. */
import type { Accounts } from '../../services/people/accounts.ts';
import type { Audit } from '../../services/people/audit.ts';
import type { User } from '../../store/account-store.ts';
import type { App } from '../app.ts';
import { askedBy } from '../caller.ts';
import { person, recentPassword } from '../guard.ts';
import { userCreate, userInfo, userList } from '../shapes/accounts.ts';
import { asTime } from '../shapes/values.ts';

export interface UserRouteParts {
  readonly accounts: Accounts;
  readonly audit: Audit;
}

export function userRoutes(app: App, { accounts, audit }: UserRouteParts): void {
  app.get('/api/fleet/users', {
    config: { guard: person('admin') },
    schema: { summary: 'Users', response: { 200: userList } },
    handler: async () => ({ items: (await accounts.users()).map(describeUser), next_cursor: null }),
  });

  app.post('/api/fleet/users', {
    config: { guard: recentPassword('admin') },
    schema: { summary: 'A new administrator', body: userCreate, response: { 201: userInfo } },
    handler: async (request, reply) => {
      const { username, password } = request.body;
      const act = { ...askedBy(request), action: 'user.added', subject: username } as const;
      const user = await audit.perform(act, () => accounts.addUser(username, password));
      return reply.code(201).send(describeUser(user));
    },
  });
}

function describeUser({ username, createdAtMs }: User) {
  return { username, created_at: asTime(createdAtMs) };
}
