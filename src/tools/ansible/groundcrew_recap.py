# Ansible's own recap is text for people. This callback writes the same numbers as JSON into the file that GROUNDCREW_RECAP names.
# https://docs.ansible.com/ansible/latest/dev_guide/developing_plugins.html#callback-plugins
import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
name: groundcrew_recap
type: aggregate
short_description: The recap of a playbook as JSON
description: Written to the file that GROUNDCREW_RECAP names, when the playbook has ended.
requirements: [enable in configuration]
'''


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'groundcrew_recap'
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_stats(self, stats):
        path = os.environ['GROUNDCREW_RECAP']
        recap = {host: stats.summarize(host) for host in sorted(stats.processed.keys())}
        with open(path + '.part', 'w') as file:
            json.dump(recap, file)
        os.rename(path + '.part', path)
