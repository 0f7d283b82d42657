"""What happens in a project is told to other servers, signed by the Standard Webhooks specification
(https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).

``record`` writes a message in the transaction of what it tells of, ``deliver`` is the jobs worker's task that sends it,
``sending`` the request itself, ``manage`` what people do with webhooks.
"""
