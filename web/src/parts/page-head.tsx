import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';

/**
 * The heading of a page, which also names the browser tab. It can take the focus, so that one who
 * comes from another page is told where one is.
 */
export function PageHead(props: {
  title: string;
  above?: ComponentChildren;
  children?: ComponentChildren;
}) {
  useEffect(() => {
    document.title = `${props.title} · Hearth`;
  }, [props.title]);
  return (
    <div class="page-head">
      {props.above}
      <h1 tabIndex={-1}>{props.title}</h1>
      {props.children}
    </div>
  );
}
