import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { Logo } from './logo.tsx';

/** One card in the middle of the page: what a person sees before they are in. */
export function Notice(props: { title: string; lead?: string; children: ComponentChildren }) {
  useEffect(() => {
    document.title = 'Hearth';
  }, []);
  return (
    <main class="notice" id="main">
      <div class="notice-card">
        <div class="notice-head">
          <Logo size={44} />
          <h1>{props.title}</h1>
          {props.lead && <p class="lead">{props.lead}</p>}
        </div>
        {props.children}
      </div>
    </main>
  );
}
