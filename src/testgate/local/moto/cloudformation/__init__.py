"""CloudFormation as AWS does it: templates, stacks, change sets, and the resources moto gets wrong.

`bridge.install()` puts it in force. Imported by `testgate.local.moto.installation`.
"""
