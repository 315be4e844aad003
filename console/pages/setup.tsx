/** First run: the code that `init` printed makes the first administrator. */
import { Button, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { ApiError, setup } from '../api.ts';
import { Door } from '../parts/door.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { differs, NewPassword } from '../parts/new-password.tsx';
import { PageHeading } from '../parts/page-heading.tsx';

/** Setup is over for good: somebody is a user already. */
const isClosed = (error: Error) => error instanceof ApiError && error.code === 'user_exists';

export function SetupPage() {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  const [code, setCode] = useState(() => new URLSearchParams(window.location.search).get('code') ?? '');
  const [username, setUsername] = useState('admin');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  // The code opens the door once: it does not stay in the browser's history.
  useEffect(() => window.history.replaceState(null, '', '/setup'), []);
  const begin = useMutation({
    mutationFn: () => setup({ code: code.trim(), username, password }),
    onSuccess: (session) => {
      client.setQueryData(['session'], session);
      navigate('/', { replace: true });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (again === password) begin.mutate();
  };
  return (
    <Door>
      <PageHeading title="Set up Atlas Fleet" />
      <p className="at-lead">
        The setup code was printed when this server was initialised. It is valid for a short time, and once.
      </p>
      <form onSubmit={submit}>
        <Stack gap="md">
          {begin.error && (
            <ErrorBox error={begin.error}>
              {isClosed(begin.error) && <Link href="/">Go to the login</Link>}
            </ErrorBox>
          )}
          <TextInput
            label="Setup code"
            autoComplete="one-time-code"
            autoCapitalize="characters"
            spellCheck={false}
            value={code}
            onChange={(event) => setCode(event.currentTarget.value)}
            required
          />
          <TextInput
            label="User name of the first administrator"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            value={username}
            onChange={(event) => setUsername(event.currentTarget.value)}
            required
          />
          <NewPassword
            label="Password"
            value={password}
            again={again}
            onChange={setPassword}
            onChangeAgain={setAgain}
          />
          <Button type="submit" loading={begin.isPending} disabled={differs(password, again)} fullWidth>
            Create administrator
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
