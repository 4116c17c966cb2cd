/**
 * Holds the imports of packages/* and apps/* to two rules: a package that is imported is declared by the workspace that
 * imports it, and the arrows of the architecture point one way. Run: node scripts/check-imports.ts [FOLDER]
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { parseSync } from 'vite';

/** What one workspace of the project says of itself in its package.json. */
export interface Workspace {
  /** Name of the package. */
  name: string;
  /** Folder below the root, for example `packages/vision`. */
  folder: string;
  dependencies: ReadonlySet<string>;
  devDependencies: ReadonlySet<string>;
}

/** One import statement of one file. */
export interface Import {
  /** Path of the importing file below the root. */
  file: string;
  /** What stands between the quotes. */
  specifier: string;
}

/** The project's own packages that each one's sources may import. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  '@mememoji/vision': [],
  '@mememoji/graph': [],
  '@mememoji/train': ['@mememoji/vision', '@mememoji/graph'],
  mememoji: ['@mememoji/vision'],
  '@mememoji/web': ['mememoji', '@mememoji/train', '@mememoji/graph', '@mememoji/vision'],
  '@mememoji/cli': ['@mememoji/server', '@mememoji/train', 'mememoji', '@mememoji/vision'],
};
const ARROWS_OF_APPS: readonly string[] = ['@mememoji/train', 'mememoji', '@mememoji/vision'];

/** Packages that run without Node, and the only foreign packages that they may use. */
const PURE: Readonly<Record<string, readonly string[]>> = {
  '@mememoji/vision': [],
  '@mememoji/graph': ['@bufbuild/protobuf'],
  '@mememoji/web': ['preact', '@preact/signals', 'onnxruntime-web'],
};

/** Finds every fault below `root`, each as one line `file: what`. */
export function checkImports(root: string): string[] {
  const workspaces = readWorkspaces(root);
  const shared = readDependencies(join(root, 'package.json'), 'devDependencies');
  return workspaces.flatMap((workspace) =>
    sourcesOf(root, workspace.folder)
      .flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')))
      .flatMap((one) => {
        const fault = findFault(one, workspace, workspaces, shared);
        return fault === undefined ? [] : [`${one.file}: ${fault}`];
      }),
  );
}

/** All modules that a file imports or re-exports, for their values or types, at once or later. */
export function importsOf(file: string, code: string): Import[] {
  const { module, errors } = parseSync(file, code);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const specifiers = [
    ...module.staticImports.map((one) => one.moduleRequest.value),
    ...module.staticExports.flatMap((one) => one.entries.flatMap((entry) => entry.moduleRequest?.value ?? [])),
    ...module.dynamicImports.flatMap(({ moduleRequest: { start, end } }) => literalIn(code.slice(start, end))),
  ];
  return [...new Set(specifiers)].map((specifier) => ({ file, specifier }));
}

/** A dynamic import of a computed name cannot be judged here. */
function literalIn(expression: string): string[] {
  const literal = /^(['"])(.*)\1$/s.exec(expression.trim())?.[2];
  return literal === undefined ? [] : [literal];
}

/**
 * What is wrong with an import, or undefined.
 * @param shared devDependencies of the root, which tests may use
 */
export function findFault(
  { file, specifier }: Import,
  workspace: Workspace,
  workspaces: readonly Workspace[],
  shared: ReadonlySet<string>,
): string | undefined {
  const isTest = file.startsWith(`${workspace.folder}/test/`);
  if (specifier.startsWith('.')) return findRelativeFault(file, specifier, workspace, isTest);
  if (isBuiltin(specifier)) return isTest ? undefined : findBuiltinFault(specifier, workspace);
  const name = packageOf(specifier);
  if (name === workspace.name) return isTest ? undefined : `imports its own package '${name}' by name`;
  if (!isDeclared(name, workspace, isTest ? shared : undefined)) {
    return `'${name}' is not declared in ${workspace.folder}/package.json`;
  }
  return isTest ? undefined : findArrowFault(name, workspace, workspaces);
}

function findRelativeFault(
  file: string,
  specifier: string,
  { folder }: Workspace,
  isTest: boolean,
): string | undefined {
  const target = join(dirname(file), specifier).replaceAll(sep, '/');
  if (target.startsWith(`${folder}/`)) return undefined;
  const isSharedHelper = isTest && (target.startsWith('test/') || target.startsWith('scripts/'));
  return isSharedHelper ? undefined : `'${specifier}' leads out of ${folder}`;
}

function findBuiltinFault(specifier: string, { name }: Workspace): string | undefined {
  return name in PURE ? `'${specifier}' belongs to Node, and ${name} runs without it` : undefined;
}

function findArrowFault(name: string, workspace: Workspace, workspaces: readonly Workspace[]): string | undefined {
  if (workspaces.some((one) => one.name === name)) {
    const allowed = ARROWS[workspace.name] ?? ARROWS_OF_APPS;
    return allowed.includes(name) ? undefined : `${workspace.name} must not know '${name}'`;
  }
  const foreign = PURE[workspace.name];
  return foreign === undefined || foreign.includes(name) ? undefined : `${workspace.name} must not need '${name}'`;
}

function isDeclared(name: string, workspace: Workspace, shared: ReadonlySet<string> | undefined): boolean {
  if (workspace.dependencies.has(name)) return true;
  return shared !== undefined && (workspace.devDependencies.has(name) || shared.has(name));
}

/** `@scope/name/path` and `name/path` without their path. */
function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function readWorkspaces(root: string): Workspace[] {
  return globSync('{packages,apps}/*/package.json', { cwd: root }).map((manifest) => {
    const path = join(root, manifest);
    return {
      name: String(readManifest(path).name),
      folder: dirname(manifest).replaceAll(sep, '/'),
      dependencies: readDependencies(path, 'dependencies'),
      devDependencies: readDependencies(path, 'devDependencies'),
    };
  });
}

function readDependencies(manifest: string, kind: 'dependencies' | 'devDependencies'): ReadonlySet<string> {
  const declared = existsSync(manifest) ? readManifest(manifest)[kind] : undefined;
  return new Set(typeof declared === 'object' && declared !== null ? Object.keys(declared) : []);
}

function readManifest(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function sourcesOf(root: string, folder: string): string[] {
  const files = globSync('{src,bin,test}/**/*.{ts,tsx,js}', { cwd: join(root, folder) });
  return files.map((file) => `${folder}/${file.replaceAll(sep, '/')}`).sort();
}

if (import.meta.main) {
  const root = resolve(process.argv[2] ?? join(import.meta.dirname, '..'));
  const faults = checkImports(root);
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
  else process.stdout.write(`imports below ${relative(process.cwd(), root) || '.'} are as they should be\n`);
}
