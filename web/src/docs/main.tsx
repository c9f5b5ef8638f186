import { render } from 'preact';
import { DocsPage } from './page.tsx';

const root = document.getElementById('app');
if (root) render(<DocsPage />, root);
