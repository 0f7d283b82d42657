"""``python -m framewise.bench.add_hour``: an hour of video with a million shapes in the data folder's database.

A process of its own: the benchmark itself must not open the database of the product that it measures. Prints the id of
the video.
"""

from __future__ import annotations

import os


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    import django

    django.setup()
    from annotator.actions.edits.apply import write_tracks
    from annotator.media import storage
    from annotator.models import Layer, Project, ProxyState, Video, VideoState
    from framewise.bench import shapes, videos

    project = Project.objects.order_by("pk")[0]
    video = Video.objects.create(project=project, name="hour.mp4", state=VideoState.QUEUED)
    layer = Layer.objects.create(video=video)
    with storage.arriving(storage.video_file(video, storage.PROXY)) as proxy:
        videos.hour_long(proxy)
    Video.objects.filter(pk=video.pk).update(
        state=VideoState.READY,
        proxy_state=ProxyState.READY,
        width=videos.WIDTH,
        height=videos.HEIGHT,
        frame_count=videos.HOUR,
        fps=videos.FPS,
        duration_s=videos.HOUR / videos.FPS,
    )
    layer.refresh_from_db()
    write_tracks(user=None, layer_id=layer.pk, tracks=shapes.tracks(layer), summary="A million shapes")
    print(video.pk)


if __name__ == "__main__":
    main()
