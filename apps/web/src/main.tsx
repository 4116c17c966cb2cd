import { createWebAnalyzer } from 'mememoji/web';
import { render } from 'preact';
import { App } from './app.tsx';
import { CorrectionStore } from './corrections/correction-store.ts';
import { MemeArt } from './draw/meme-art.ts';
import { Engine } from './engine/engine.ts';
import { Language } from './i18n/language.ts';
import { openMemory } from './memory.ts';
import { Notices } from './notices.ts';
import { installOffline } from './offline/install.ts';
import { PictureList } from './picture/picture-list.ts';
import { Router } from './router.ts';
import { Server } from './server/server.ts';
import { type Services, ServicesContext } from './services.ts';
import './style/base.css';
import './style/components.css';
import './style/pages.css';
import { TaughtStore } from './teach/taught-store.ts';
import { Theme } from './theme.ts';

/** Address of the app's folder, wherever it was put. */
const base = new URL('./', document.baseURI);

function createServices(): Services {
  const memory = openMemory();
  const taught = new TaughtStore(indexedDB);
  const engine = new Engine(async (onProgress) => {
    await taught.load();
    return createWebAnalyzer({ device: 'wasm', onProgress, model: taught.current.value?.bytes });
  });
  return {
    engine,
    memory,
    language: new Language(memory),
    theme: new Theme(memory),
    router: new Router(),
    notices: new Notices(),
    server: new Server(base),
    corrections: new CorrectionStore(indexedDB),
    taught,
    art: new MemeArt(new URL('memes/', base).href),
    pictures: new PictureList(engine),
  };
}

async function start(): Promise<void> {
  const services = createServices();
  // The models come while the person looks at the page.
  const warm = services.engine.ready().then((analyzer) => analyzer.warmup());
  const known = services.server.find();
  await services.language.start(navigator.languages);
  render(
    <ServicesContext.Provider value={services}>
      <App />
    </ServicesContext.Provider>,
    document.getElementById('app')!,
  );
  // What is fetched for later must not take the line from what is needed now.
  await Promise.allSettled([warm, known]);
  await installOffline(base);
}

void start();
