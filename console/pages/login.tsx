/** Sign in. Stands in the place of whatever page was asked for, which follows after it. */
import { Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { Link } from 'wouter';
import { login } from '../api.ts';
import { Door } from '../parts/door.tsx';
import { ErrorBox } from '../parts/error-box.tsx';
import { PageHeading } from '../parts/page-heading.tsx';

export function LoginPage() {
  const client = useQueryClient();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const passwordField = useRef<HTMLInputElement>(null);
  const signIn = useMutation({
    mutationFn: () => login(username, password),
    onSuccess: (session) => client.setQueryData(['session'], session),
    onError: () => {
      setPassword('');
      passwordField.current?.focus();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate();
  };
  return (
    <Door>
      <PageHeading title="Sign in" />
      <form onSubmit={submit}>
        <Stack gap="md">
          {signIn.error && <ErrorBox error={signIn.error} />}
          <TextInput
            label="User name"
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            value={username}
            onChange={(event) => setUsername(event.currentTarget.value)}
            required
          />
          <PasswordInput
            ref={passwordField}
            label="Password"
            name="password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
            required
          />
          <Button type="submit" loading={signIn.isPending} fullWidth>
            Sign in
          </Button>
        </Stack>
      </form>
      <p className="at-small at-first-run">
        First run? Use the <Link href="/setup">setup link</Link> that <code>init</code> printed.
      </p>
    </Door>
  );
}
