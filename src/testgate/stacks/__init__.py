"""The stacks of `infra/`: artifacts uploaded by digest, change sets shown and applied, deletion.

The same calls on AWS and on the local AWS. Imported by the command line and `testgate.local`.
"""
