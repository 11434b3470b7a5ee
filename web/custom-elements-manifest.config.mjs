// How `custom-elements.json` is made from the sources.

const published = (path) => path.replace(/^src\//, 'dist/').replace(/\.ts$/, '.js');

export default {
  globs: ['src/element/index.ts', 'src/element/despoof-check.ts'],
  outdir: '.',
  plugins: [
    {
      name: 'published-paths-and-documented-events',
      packageLinkPhase({ customElementsManifest }) {
        for (const module of customElementsManifest.modules) {
          module.path = published(module.path);
          for (const { declaration } of module.exports ?? []) {
            if (declaration?.module) {
              declaration.module = published(declaration.module.replace(/^\//, ''));
            }
          }
          for (const declared of module.declarations) {
            // The analyzer also lists the expression the events are made with.
            declared.events = declared.events?.filter(({ name }) => name.startsWith('despoof-'));
            declared.members = declared.members?.filter(({ privacy }) => privacy !== 'private');
          }
        }
      },
    },
  ],
};
