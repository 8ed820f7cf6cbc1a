// Without validatorUrl null the page would send the document's address to a server elsewhere.
SwaggerUIBundle({
  url: 'openapi.yaml',
  dom_id: '#document',
  validatorUrl: null,
  docExpansion: 'list',
  defaultModelsExpandDepth: 0,
});
