# Bot, worker and monitor in one image: `node src/bot.ts` (the default), `node src/worker.ts` or `node src/monitor.ts`.
ARG TERRAFORM=1.11.4
FROM hashicorp/terraform:${TERRAFORM} AS terraform

# By its release, so that Packer comes from this Debian.
FROM node:24-bookworm-slim
# tini ends and reaps what a worker starts; git tells a stack's commit; certificates are for Terraform and git. Packer and Ansible bake images.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ansible-core ca-certificates git packer tini \
  && rm -rf /var/lib/apt/lists/*
COPY --from=terraform /bin/terraform /usr/local/bin/terraform

WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The optional packages are a Node for machines without one, and the demo's Slack.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force
COPY . .

# What a worker must find again after a restart: its started records and the logs of what it runs.
ENV NODE_ENV=production GROUNDCREW_WORK_DIR=/var/lib/groundcrew CHECKPOINT_DISABLE=1
RUN install -d -o node -g node -m 0700 /var/lib/groundcrew
VOLUME /var/lib/groundcrew

USER node
ENTRYPOINT ["tini", "--"]
CMD ["node", "src/bot.ts"]
