# The riskline command, workers and sandbox included. TypeScript runs as it is: there is nothing to build.
ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /riskline
COPY package.json package-lock.json ./
# Of the optional packages the image needs none: they are the Node.js that it has already.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
# A new volume takes owner and mode from the folder that it is mounted on.
RUN install --directory --owner=node --group=node --mode=700 /keys
WORKDIR /riskline
COPY --from=packages /riskline/node_modules node_modules
COPY package.json ./
COPY shared shared
COPY workers workers
COPY scripts scripts
USER node
EXPOSE 9464
# Not through npm, which keeps SIGTERM to itself.
ENTRYPOINT ["scripts/cli/entrypoint.sh"]
CMD ["worker"]
