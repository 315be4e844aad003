/** First run: the code that `init` printed makes the first administrator. Linked from nowhere. */
import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { setup } from '../api.ts';
import { Door } from '../parts/door.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { PageHeading } from '../parts/page-heading.tsx';

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
  const differs = again !== '' && again !== password;
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
          {begin.error && <ErrorBox error={begin.error} />}
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
          <PasswordInput
            label="Password"
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            required
          />
          <PasswordInput
            label="Password again"
            autoComplete="new-password"
            value={again}
            onChange={(event) => setAgain(event.currentTarget.value)}
            error={differs ? 'The two differ.' : undefined}
            required
          />
          <Button type="submit" loading={begin.isPending} disabled={differs} fullWidth>
            Create administrator
          </Button>
        </Stack>
      </form>
    </Door>
  );
}
