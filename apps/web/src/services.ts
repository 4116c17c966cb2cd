import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { CorrectionStore } from './corrections/correction-store.ts';
import type { MemeArt } from './draw/meme-art.ts';
import type { Engine } from './engine/engine.ts';
import type { Language, Translate } from './i18n/language.ts';
import type { Memory } from './memory.ts';
import type { Notices } from './notices.ts';
import type { PictureList } from './picture/picture-list.ts';
import type { Router } from './router.ts';
import type { Server } from './server/server.ts';
import type { TaughtStore } from './teach/taught-store.ts';
import type { Theme } from './theme.ts';

/** What the pages share. Made once, in main.tsx, and handed down. */
export interface Services {
  engine: Engine;
  language: Language;
  theme: Theme;
  router: Router;
  notices: Notices;
  memory: Memory;
  server: Server;
  corrections: CorrectionStore;
  /** The model that the person taught, if there is one. */
  taught: TaughtStore;
  art: MemeArt;
  /** Stays while the person looks at other pages. */
  pictures: PictureList;
}

export const ServicesContext = createContext<Services | undefined>(undefined);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === undefined) throw new Error('a component was drawn outside of the app');
  return services;
}

/** The texts in the language of the page. */
export function useText(): Translate {
  return useServices().language.translate.value;
}
