#!/bin/sh
# Installs RabbitMQ and Redis with apt. No system service is started or enabled: the programs are all we need.
set -eu

units="rabbitmq-server.service redis-server.service epmd.service epmd.socket"
policy=/usr/sbin/policy-rc.d # asked by the packages before they start a service; 101 says no
aside=$policy.aside

is_known() { [ -e "/lib/systemd/system/$1" ] || [ -e "/usr/lib/systemd/system/$1" ]; }

restore_policy() {
  rm -f "$policy"
  [ ! -e "$aside" ] || mv "$aside" "$policy"
}

new_units=
for unit in $units; do is_known "$unit" || new_units="$new_units $unit"; done

trap restore_policy EXIT
trap 'exit 1' HUP INT TERM
[ ! -e "$policy" ] || mv "$policy" "$aside"
printf '#!/bin/sh\nexit 101\n' >"$policy"
chmod 755 "$policy"

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >/dev/null
apt-get install -qq --yes --no-install-recommends rabbitmq-server redis-server >/dev/null

# Packages enable what they bring: at the next boot it would run.
for unit in $new_units; do
  if command -v systemctl >/dev/null; then
    systemctl --quiet disable "$unit"
  elif [ -e "/etc/init.d/${unit%.*}" ]; then
    update-rc.d "${unit%.*}" disable
  fi
done
