import { createApiKey, listApiKeys, revokeApiKey, SCOPES, type Scope } from '@mememoji/server/store/api-keys';
import { openStore, type Store } from '@mememoji/server/store/store';
import { Command, InvalidArgumentError } from 'commander';
import type { Context } from '../context.ts';
import { formatOption, withExamples } from '../options.ts';
import { alignColumns, type Format } from '../output.ts';
import { readServerConfig } from '../server-config.ts';

type ApiKey = Awaited<ReturnType<typeof listApiKeys>>[number];

/** `mememoji serve keys`: makes, lists and revokes API keys in the store that the options of `serve` name. */
export function createKeysCommand(context: Context): Command {
  const keys = new Command('keys').description('make, list and revoke API keys; an embedded store must not be in use');
  keys.addCommand(
    withExamples(createCommand(context), ['mememoji serve keys create camera --scopes analyze,feedback']),
  );
  keys.addCommand(withExamples(listCommand(context), ['mememoji serve keys list']));
  keys.addCommand(
    withExamples(revokeCommand(context), ['mememoji serve keys revoke 2f1c8f6e-4f0e-4a55-9d0c-1f8d7a0b8c11']),
  );
  return withExamples(keys, ['mememoji serve keys create camera']);
}

function createCommand(context: Context): Command {
  return new Command('create')
    .description('make a key and print it; it is shown only this once')
    .argument('<name>', 'what it is for')
    .option('--scopes <names>', `of ${SCOPES.join(', ')}, comma-separated`, parseScopes, [...SCOPES])
    .action(async (name: string, { scopes }: { scopes: Scope[] }, self: Command) => {
      const { key } = await withStore(self, context, ({ db }) => createApiKey(db, { name, scopes, at: new Date() }));
      context.stdout.write(`${key}\n`);
    });
}

function listCommand(context: Context): Command {
  return new Command('list')
    .description('list the keys, not the secrets themselves')
    .addOption(formatOption(['table', 'json']))
    .action(async ({ format }: { format: Format }, self: Command) => {
      context.stdout.write(render(await withStore(self, context, ({ db }) => listApiKeys(db)), format));
    });
}

function revokeCommand(context: Context): Command {
  return new Command('revoke')
    .description('make a key useless at once')
    .argument('<id>', "as 'list' shows it")
    .action((id: string, _options: object, self: Command) =>
      withStore(self, context, ({ db }) => revokeApiKey(db, id, new Date())),
    );
}

async function withStore<Result>(
  command: Command,
  context: Context,
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  const store = await openStore(await readServerConfig(command, context));
  return work(store).finally(() => store.close());
}

function render(keys: readonly ApiKey[], format: Format): string {
  if (format === 'json') return `${JSON.stringify(keys, undefined, 2)}\n`;
  const rows = keys.map(({ id, name, scopes, createdAt, revokedAt }) => [
    id,
    name,
    scopes.join(' '),
    createdAt.toISOString(),
    revokedAt?.toISOString() ?? '',
  ]);
  return alignColumns([['id', 'name', 'scopes', 'created', 'revoked'], ...rows]);
}

function parseScopes(text: string): Scope[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !SCOPES.some((scope) => scope === name));
  if (unknown !== undefined) throw new InvalidArgumentError(`'${unknown}' is none of ${SCOPES.join(', ')}.`);
  return SCOPES.filter((scope) => names.includes(scope));
}
