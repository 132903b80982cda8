"""Clusters of a short run for the browser test of the card: with pictures, in a still figure without, and plain."""

import streamlit as st

from labelsmooth.clusters import ClusterPicture, cluster_picture, image_codes
from labelsmooth.dashboard.film import Reel, film
from labelsmooth.figures.clusters import ClustersView, clusters_figure, clusters_frame
from labelsmooth.setups import TrainingSetup
from labelsmooth.training import train

SHOWN = (3, 5, 8)
NAMES = tuple(f"<i>digit</i> {label}" for label in range(10))  # what looks like HTML is shown as it is


@st.cache_data
def reels() -> tuple[Reel, Reel]:
    """The film of the clusters, and its last moment without pictures of the examples."""
    setup = TrainingSetup("digits", train_size=300, hidden=(16,), epochs=6, seeds=(0,))
    snapshots = list(train(setup))
    pictures: list[ClusterPicture] = []
    for snapshot in snapshots:
        pictures.append(cluster_picture(snapshot, SHOWN, True, pictures[-1] if pictures else None))
    moving = clusters_figure(pictures, ClustersView(NAMES, SHOWN, 0.1, images=image_codes(snapshots[0], SHOWN)))
    frames = [clusters_frame(picture) for picture in pictures]
    still = clusters_figure(pictures[-1:], ClustersView(NAMES, SHOWN, 0.1))
    return (
        Reel("film", moving.figure, moving.narrow, frames, len(frames), done=True),
        Reel("still", still.figure, still.narrow, [], 0, done=True),
    )


if __name__ == "__main__":
    st.set_page_config(layout="wide")
    moving_reel, still_reel = reels()
    film(moving_reel, key="moving", alt="Clusters", autoplay=False, start="0")
    film(still_reel, key="still", alt="Clusters at the end")
