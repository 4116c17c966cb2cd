import type { ImageAnalyzer } from '../analysis/image-analyzer.ts';
import { currentModel, currentName } from './model-folder.ts';
import { modelsFolder } from './models-place.ts';

export interface FollowOptions {
  /** Folder of the installed models, as `modelsFolder` decides it. */
  folder: string;
  /** Name of the model that the analyzer was started with: an installed one, or `shipped`. */
  started: string;
  /** Told when another model has taken over. */
  onChange?: (name: string) => void;
  /** Told when another model could not be loaded; the old one goes on. */
  onError?: (error: unknown) => void;
  /** Milliseconds between looks at the folder; default 1000. */
  every?: number;
}

/** Follows the folder until it is closed. */
export interface ModelFollower {
  /** Looks now. When the promise is kept, the analyzer reads with the model that the folder pointed to. Never rejects. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Lets an analyzer follow the folder of the installed models: where `mememoji models use`, `rollback` or `feedback train` has
 * chosen another one it is loaded beside the old one, which ends what it has begun. No request is refused or waits for it.
 */
export function followModels(analyzer: Pick<ImageAnalyzer, 'replaceModel'>, options: FollowOptions): ModelFollower {
  const { folder, onChange = () => {}, onError = () => {}, every = 1000 } = options;
  let name = options.started;
  let looking: Promise<void> | undefined;
  const follow = async (): Promise<void> => {
    const chosen = await currentName(folder);
    if (chosen === name) return;
    // Also if it cannot be loaded: it would fail again at every look.
    name = chosen;
    await analyzer.replaceModel((await currentModel(folder))?.file);
    onChange(chosen);
  };
  const look = (): Promise<void> => {
    looking ??= follow()
      .catch(onError)
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  const timer = setInterval(() => void look(), every);
  timer.unref();
  return {
    look,
    close: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}

/** Which model a process begins with, and how it follows later choices. */
export interface ModelChoice {
  /** File of the model to use; undefined for the shipped one. */
  file: () => Promise<string | undefined>;
  follow: (
    analyzer: Pick<ImageAnalyzer, 'replaceModel'>,
    options: Pick<FollowOptions, 'onChange' | 'onError'>,
  ) => ModelFollower;
}

/**
 * A model that the configuration names is used as long as the process runs; else what the folder of the installed models
 * points to, now and later.
 */
export async function chooseModel(
  configured: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ModelChoice> {
  if (configured !== undefined) {
    return { file: async () => configured, follow: () => ({ look: async () => {}, close: async () => {} }) };
  }
  const folder = modelsFolder(env);
  const started = await currentName(folder);
  return {
    file: async () => (await currentModel(folder))?.file,
    follow: (analyzer, options) => followModels(analyzer, { folder, started, ...options }),
  };
}
