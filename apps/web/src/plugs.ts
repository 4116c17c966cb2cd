/**
 * Where parts of the app that stand on their own plug in: pages of the navigation, and panels below a face. Each is one
 * line here and one component there, fetched when it is first opened.
 */
import type { ComponentType } from 'preact';
import type { IconName } from './components/icon.tsx';
import type { FaceInPicture } from './face-in-picture.ts';
import type { TextKey } from './i18n/language.ts';

export interface Page {
  /** Behind `#/` in the address; empty for the first page. */
  path: string;
  /** Its word in the navigation, and its title. */
  title: TextKey;
  icon: IconName;
  load: () => Promise<ComponentType>;
}

export interface FacePanel {
  id: string;
  title: TextKey;
  load: () => Promise<ComponentType<{ subject: FaceInPicture }>>;
}

export const PAGES: readonly Page[] = [
  {
    path: '',
    title: 'nav.picture',
    icon: 'picture',
    load: async () => (await import('./picture/picture-page.tsx')).PicturePage,
  },
  {
    path: 'live',
    title: 'nav.live',
    icon: 'camera',
    load: async () => (await import('./live/live-page.tsx')).LivePage,
  },
  {
    path: 'video',
    title: 'nav.video',
    icon: 'film',
    load: async () => (await import('./video/video-page.tsx')).VideoPage,
  },
  {
    path: 'teach',
    title: 'nav.teach',
    icon: 'spark',
    load: async () => (await import('./teach/teach-page.tsx')).TeachPage,
  },
  {
    path: 'corrections',
    title: 'nav.corrections',
    icon: 'pencil',
    load: async () => (await import('./corrections/corrections-page.tsx')).CorrectionsPage,
  },
  {
    path: 'about',
    title: 'nav.about',
    icon: 'info',
    load: async () => (await import('./about/about-page.tsx')).AboutPage,
  },
];

export const FACE_PANELS: readonly FacePanel[] = [
  { id: 'inside', title: 'inside.title', load: async () => (await import('./inside/inside-panel.tsx')).InsidePanel },
];
